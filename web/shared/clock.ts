/** Time as an argument: everything that waits takes one of these, so that tests own the clock. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  setTimeout(callback: () => void, delay_ms: number): number;
  clearTimeout(timer: number): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delay_ms) => globalThis.setTimeout(callback, delay_ms) as unknown as number,
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
};
