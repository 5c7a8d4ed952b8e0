import { mix, parseHex, type Rgb, readableOn, textOn, toHex } from "./colour";

export type Theme = "light" | "dark";

/** The surfaces of tokens.css that brand-coloured text has to be read on: the panel's and the bubble's. */
const SURFACE: Record<Theme, Rgb> = { light: [255, 255, 255], dark: [23, 26, 24] };
const BUBBLE: Record<Theme, Rgb> = { light: [239, 241, 239], dark: [37, 42, 39] };
const NON_TEXT_CONTRAST = 3;
/** Coloured text on a dark surface looks dimmer than its ratio says, so it gets more than the 4.5 it needs. */
const TEXT_CONTRAST: Record<Theme, number> = { light: 4.5, dark: 7 };
const TINT_SHARE: Record<Theme, number> = { light: 0.1, dark: 0.18 };

/**
 * Build the brand's custom properties from the one colour a shop sets.
 *
 * On a light page the colour stays as it is and its text turns white or black; on a dark one it is lightened until a
 * button of it can be seen. `--brand-text` reads on both the panel and a bubble. A colour that cannot be parsed
 * yields no properties: the defaults of tokens.css stay.
 */
export function buildBrand(colour: string | null, theme: Theme): Record<string, string> {
  const brand = parseHex(colour ?? "");
  if (brand === null) return {};
  const shown = theme === "light" ? brand : readableOn(brand, SURFACE.dark, NON_TEXT_CONTRAST);
  return {
    "--brand": toHex(shown),
    "--on-brand": toHex(textOn(shown)),
    "--brand-text": toHex(readableOn(brand, BUBBLE[theme], TEXT_CONTRAST[theme])),
    "--brand-tint": toHex(mix(SURFACE[theme], brand, TINT_SHARE[theme])),
  };
}
