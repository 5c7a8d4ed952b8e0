/** What changed between two texts, word by word. */
export interface Run {
  text: string;
  kind: "same" | "removed" | "added";
}

/** Texts beyond this many words are compared by their ends only: the table below grows with the square. */
const MAX_WORDS = 600;

export function diffWords(before: string, after: string): Run[] {
  const [a, b] = [words(before), words(after)];
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const middle = compare(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return joined([...same(a.slice(0, start)), ...middle, ...same(a.slice(a.length - end))]);
}

/** Words with the white space behind them; CJK signs stand for themselves. */
function words(text: string): string[] {
  return text.match(/[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]+\s*|\s+/g) ?? [];
}

const same = (part: readonly string[]): Run[] => part.map((text) => ({ text, kind: "same" }));

function compare(a: readonly string[], b: readonly string[]): Run[] {
  const whole = (): Run[] => [
    ...a.map((text): Run => ({ text, kind: "removed" })),
    ...b.map((text): Run => ({ text, kind: "added" })),
  ];
  if (a.length === 0 || b.length === 0 || a.length > MAX_WORDS || b.length > MAX_WORDS) return whole();
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const runs: Run[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i] ?? "", b[j] ?? ""];
    if (i < a.length && j < b.length && left === right) {
      runs.push({ text: left, kind: "same" });
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) {
      runs.push({ text: left, kind: "removed" });
      i++;
    } else {
      runs.push({ text: right, kind: "added" });
      j++;
    }
  }
  return runs;
}

function joined(runs: readonly Run[]): Run[] {
  const found: Run[] = [];
  for (const { text, kind } of runs) {
    const last = found.at(-1);
    if (last?.kind === kind) last.text += text;
    else found.push({ text, kind });
  }
  return found;
}
