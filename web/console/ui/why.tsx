/** "Why?" in a trace: which words spoke for what was understood, which against, and why not the second intent. */
import { Fragment, useRef, useState } from "react";
import { heaviest, signed, strengthOf } from "../lib/weights";
import type { T } from "../lib/words";
import type { Explanation, WeighedWord } from "../wire/explanation";
import { DeskError } from "../wire/http";
import { useFrame } from "./frame";
import { Icon } from "./icons";
import { Button } from "./parts";

const MOST_TELLING = 3;

type Asked =
  | { status: "not yet" }
  | { status: "asking" }
  | { status: "told"; explanation: Explanation }
  | { status: "failed"; error: unknown };

export interface WhyProps {
  conversation_id: string;
  /** The entry that has the trace. */
  seq: number;
  /** What the trace says was understood. */
  intent: string | null;
}

export function Why({ conversation_id, seq, intent }: WhyProps) {
  const { console, t } = useFrame();
  const [asked, setAsked] = useState<Asked>({ status: "not yet" });
  const place = useRef<HTMLDivElement>(null);
  const ask = async () => {
    place.current?.focus(); // what was pressed goes away
    setAsked({ status: "asking" });
    try {
      setAsked({ status: "told", explanation: await console.explain(conversation_id, seq) });
    } catch (error) {
      setAsked({ status: "failed", error });
    }
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in
    <div className="why" ref={place} tabIndex={-1} role="group" aria-label={t("why_label")}>
      {asked.status === "not yet" && <Button label={t("why")} onClick={() => void ask()} />}
      <p className="why-asking" role="status">
        {asked.status === "asking" && t("why_asking")}
        {asked.status === "told" && <span className="sr-only">{t("why_told")}</span>}
      </p>
      {asked.status === "failed" && <NotTold error={asked.error} onRetry={() => void ask()} />}
      {asked.status === "told" && <Told explanation={asked.explanation} intent={intent} />}
    </div>
  );
}

const FINAL_CODES = new Set(["nothing_to_explain", "engine_refused", "not_found"]);

const SENTENCES: Record<string, Parameters<T>[0]> = {
  nothing_to_explain: "why_nothing",
  engine_refused: "why_refused",
  engine_down: "why_down",
  engine_slow: "why_slow",
  rate_limited: "why_limited",
  unreachable: "why_unreachable",
};

function NotTold({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useFrame();
  const code = error instanceof DeskError ? error.code : "";
  return (
    <div className="why-failed" role="alert">
      <Icon name="warning" size={15} />
      <span>{t(SENTENCES[code] ?? "why_failed")}</span>
      {!FINAL_CODES.has(code) && <Button label={t("try_again")} kind="quiet" onClick={onRetry} />}
    </div>
  );
}

function Told({ explanation, intent }: { explanation: Explanation; intent: string | null }) {
  const { t } = useFrame();
  const { intent: now, second, words, words_together, is_whole, is_same_model } = explanation;
  if (now === null || words.length === 0) return <p>{t("why_no_words")}</p>;
  return (
    <>
      {is_same_model === false && (
        <p className="why-notice">
          <Icon name="warning" size={15} />
          <span>{t("why_other_model")}</span>
        </p>
      )}
      {now !== intent && <p>{t("why_now", { intent: now })}</p>}
      <p className="why-heading">{t("why_words", { intent: now })}</p>
      <WeighedWords words={words} is_whole={is_whole} />
      <p className="why-legend">
        {t("why_legend")}
        {words_together > 1 && ` ${t("why_together", { count: words_together })}`}
        {!is_whole && ` ${t("why_cut")}`}
      </p>
      {second !== null && <WhyNot explanation={explanation} first={now} second={second} />}
    </>
  );
}

/** The message, each word tinted, underlined and marked by what it weighs. */
function WeighedWords({ words, is_whole }: { words: readonly WeighedWord[]; is_whole: boolean }) {
  const most = heaviest(words.map((word) => word.for_first));
  return (
    <p className="why-words" dir="auto">
      {words.map((word, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an explanation never changes
        <Fragment key={i}>
          {word.is_spaced && i > 0 && " "}
          <Weighed word={word.word} weight={word.for_first} most={most} />
        </Fragment>
      ))}
      {!is_whole && " …"}
    </p>
  );
}

function Weighed({ word, weight, most }: { word: string; weight: number; most: number }) {
  const { t } = useFrame();
  const strength = strengthOf(weight, most);
  if (strength === 0) return word;
  const side = weight < 0 ? "against" : "for";
  return (
    <span className={`weighed ${side} strength-${strength}`} title={signed(weight)}>
      {word}
      <span className="sr-only"> ({t(`why_${side}_${strength}`)}) </span>
      <sup aria-hidden="true">{(weight < 0 ? "−" : "+").repeat(strength)}</sup>
    </span>
  );
}

interface WhyNotProps {
  explanation: Explanation;
  first: string;
  second: string;
}

function WhyNot({ explanation, first, second }: WhyNotProps) {
  const { t } = useFrame();
  const examples = [explanation.first_example, explanation.second_example].filter((near) => near !== null);
  const lines = [
    t("why_behind", { margin: explanation.margin.toFixed(2), intent: first }),
    tellingWords(t, first, explanation.words, 1),
    tellingWords(t, second, explanation.words, -1),
  ].filter((line) => line !== null);
  return (
    <>
      <p className="why-heading">{t("why_not", { intent: second })}</p>
      <ul className="pairs">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
        {examples.map((near) => (
          <li key={near.intent}>
            {t("why_nearest")} <code>{near.intent}</code> <q dir="auto">{near.text}</q>
            <small>{near.cosine.toFixed(2)}</small>
          </li>
        ))}
      </ul>
    </>
  );
}

/** "rather order_late: 10245 +3.50, late +1.20": the words that lean most to one of the two, null when none does. */
function tellingWords(t: T, intent: string, words: readonly WeighedWord[], side: 1 | -1): string | null {
  const leans = words.map(({ word, for_first, for_second }) => ({ word, lean: for_first - for_second }));
  const most = heaviest(leans.map(({ lean }) => lean));
  const telling = leans
    .filter(({ lean }) => lean * side > 0 && strengthOf(lean, most) > 0)
    .sort((one, other) => Math.abs(other.lean) - Math.abs(one.lean))
    .slice(0, MOST_TELLING);
  if (telling.length === 0) return null;
  const list = telling.map(({ word, lean }) => `${word} ${signed(Math.abs(lean))}`).join(", ");
  return t("why_rather", { intent, words: list });
}
