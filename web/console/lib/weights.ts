/** How much a word weighs, in steps that can be told apart without colour. */

export type Strength = 0 | 1 | 2 | 3;

/** The least weight, in logits, that counts as strong: in a text where nothing weighs much, nothing is made to. */
const LEAST_STRONG = 0.6;
const STEPS = [0.1, 1 / 3, 2 / 3] as const;

/** The weight that the others are measured by, at least LEAST_STRONG. */
export function heaviest(weights: readonly number[]): number {
  return weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), LEAST_STRONG);
}

/** 0: hardly, 3: strongly; `most` comes from `heaviest`. */
export function strengthOf(weight: number, most: number): Strength {
  const share = Math.abs(weight) / most;
  return STEPS.filter((step) => share >= step).length as Strength;
}

/** "+1.20" or "−0.35" */
export function signed(weight: number): string {
  return `${weight < 0 ? "−" : "+"}${Math.abs(weight).toFixed(2)}`;
}
