export const LOCALES = ["en", "zh"] as const;
export type Locale = (typeof LOCALES)[number];

/** The first of the wanted languages ("zh-Hans-CN", "en_GB", "auto" ...) that there is a catalogue for, else English. */
export function pickLocale(wanted: readonly (string | null | undefined)[]): Locale {
  for (const tag of wanted) {
    const language = tag?.toLowerCase().split(/[-_]/)[0];
    const found = LOCALES.find((locale) => locale === language);
    if (found !== undefined) return found;
  }
  return "en";
}

/** The viewer's own region of a language where the browser names one ("en-GB"): it decides between 14:05 and 2:05 pm. */
export function regionOf(locale: Locale, preferred: readonly string[]): string {
  return (
    preferred.find((tag) => tag.toLowerCase().split("-")[0] === locale) ??
    (locale === "zh" ? "zh-CN" : "en-GB")
  );
}
