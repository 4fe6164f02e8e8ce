import type { Attributes, Meter, MetricOptions, Observable, ObservableCallback } from "@opentelemetry/api";
import type { Declared, Instruments, Labels, Read } from "./instruments.ts";
import { otelName } from "./otel-name.ts";

/** Shows metrics through a meter. `before`: awaited at each collection, ahead of what is read. Answers also how to stop. */
export function opentelemetry(
  meter: Meter,
  before: () => Promise<void> | undefined = () => undefined,
): { readonly instruments: Instruments; readonly stop: () => void } {
  const stops: (() => void)[] = [];
  const observe = <Label extends string>(observable: Observable, read: Read<Label>): void => {
    const callback: ObservableCallback = async (result) => {
      await before();
      for (const [labels, value] of read()) result.observe(value, attributesOf(labels));
    };
    observable.addCallback(callback);
    stops.push(() => observable.removeCallback(callback));
  };
  const instruments: Instruments = {
    counter(declared) {
      const counter = meter.createCounter(otelName(declared.name), optionsOf(declared));
      return (labels) => counter.add(1, attributesOf(labels));
    },
    histogram(declared) {
      const advice = { explicitBucketBoundaries: [...declared.buckets] };
      const histogram = meter.createHistogram(otelName(declared.name), { ...optionsOf(declared), advice });
      return (labels, value) => histogram.record(value, attributesOf(labels));
    },
    gauge(declared, read) {
      observe(meter.createObservableGauge(otelName(declared.name), optionsOf(declared)), read);
    },
    total(declared, read) {
      observe(meter.createObservableCounter(otelName(declared.name), optionsOf(declared)), read);
    },
  };
  const stop = (): void => {
    for (const each of stops.splice(0)) each();
  };
  return { instruments, stop };
}

const optionsOf = ({ help, unit }: Declared): MetricOptions => ({ description: help, unit });

/** A label that is empty is none, as Prometheus has it. */
function attributesOf(labels: Labels<string>): Attributes {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}
