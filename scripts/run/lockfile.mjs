/**
 * A lockfile that names a host installs only where that host is reachable.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function lockfileProblems(text) {
  return text.split("\n").flatMap((line, index) => {
    const names = /\b(?:https?|git\+ssh):\/\/|^\s*tarball:|\btarball: /.test(line);
    return names ? [`pnpm-lock.yaml:${index + 1}: names a host: ${line.trim()}`] : [];
  });
}
