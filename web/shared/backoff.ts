export const FIRST_DELAY_MS = 500;
export const MAX_DELAY_MS = 30_000;

/**
 * Delay before the next attempt: full jitter, uniform between 0 and a cap that doubles from 0.5 s to 30 s.
 *
 * `failures` counts the attempts that failed in a row, at least 1; `random` is in [0, 1).
 */
export function backoff_ms(failures: number, random: () => number): number {
  const cap = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 16));
  return Math.round(random() * cap);
}
