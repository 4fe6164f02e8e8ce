/** Puts `item` into a list that is sorted by `key`, behind its equals. */
export function insertSorted<T>(list: T[], item: T, key: (item: NoInfer<T>) => number): void {
  const value = key(item);
  let index = list.length;
  // From the end: what comes is nearly always among the latest.
  while (index > 0 && key(list[index - 1] as T) > value) index--;
  list.splice(index, 0, item);
}

/** Takes everything before `till` off the front of a sorted list. */
export function takeBefore<T>(list: T[], till: number, key: (item: NoInfer<T>) => number): T[] {
  let count = 0;
  while (count < list.length && key(list[count] as T) < till) count++;
  return list.splice(0, count);
}
