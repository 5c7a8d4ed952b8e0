import { describe, expect, test } from "vitest";
import { buildBrand } from "./brand";
import { contrast, parseHex, type Rgb, textOn } from "./colour";

const rgb = (hex: string | undefined): Rgb => {
  const parsed = parseHex(hex ?? "");
  if (parsed === null) throw new Error(`not a colour: ${hex}`);
  return parsed;
};

const BRANDS = [
  "#000000",
  "#ffffff",
  "#2f5d50",
  "#ffe000",
  "#ff0000",
  "#777777",
  "#0057ff",
  "#abc",
  "#FF69B4",
];

test("black on white has the highest contrast there is", () => {
  expect(contrast(rgb("#000"), rgb("#fff"))).toBeCloseTo(21, 5);
});

test.each(BRANDS)("text on %s reads", (brand) => {
  expect(contrast(textOn(rgb(brand)), rgb(brand))).toBeGreaterThanOrEqual(4.5);
});

describe.each(["light", "dark"] as const)("a brand on a %s page", (theme) => {
  const surface = theme === "light" ? "#ffffff" : "#171a18";
  const bubble = theme === "light" ? "#eff1ef" : "#252a27";

  test.each(BRANDS)("%s reads as text, under text and beside it", (brand) => {
    const made = buildBrand(brand, theme);
    expect(contrast(rgb(made["--on-brand"]), rgb(made["--brand"]))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(rgb(made["--brand-text"]), rgb(surface))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(rgb(made["--brand-text"]), rgb(bubble))).toBeGreaterThanOrEqual(4.4);
  });
});

test.each([null, "", "green", "rgb(1,2,3)", "#12", "#1234567", "url(x)", "#12345g"])(
  "%j sets nothing",
  (brand) => {
    expect(buildBrand(brand, "light")).toEqual({});
  },
);
