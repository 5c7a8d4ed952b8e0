/** Writing: to the customer, or for the team. The two look, sound and are kept apart. */
import {
  type KeyboardEvent,
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { nameOf } from "../lib/words";
import type { PostKind } from "../state/outbox";
import type { Entry, Summary } from "../wire/wire";
import { useFrame, useSelect } from "./frame";
import { Icon } from "./icons";
import { Button, Sources, useBusy, Words } from "./parts";

export const MAX_CHARS = 4000;
const MAX_LINES_PX = 200;

export interface ComposerHandle {
  write: (kind: PostKind) => void;
  takeSuggestion: () => void;
  edit: (kind: PostKind, text: string) => void;
}

export interface ComposerProps {
  summary: Summary;
  suggestion: Entry | null;
  can_claim: boolean;
  onClaim: () => Promise<unknown>;
  ref: Ref<ComposerHandle>;
}

/** One per conversation: its key is the conversation's id, so drafts never mix. */
export function Composer({ summary, suggestion, can_claim, onClaim, ref }: ComposerProps) {
  const { console, t } = useFrame();
  const my_id = useSelect((state) => state.me?.id ?? "");
  const is_mine = summary.owner.kind === "agent" && summary.owner.agent_id === my_id;
  const [kind, setKind] = useState<PostKind>("reply");
  const [texts, setTexts] = useState(() => ({
    reply: console.drafts.get(summary.id, "reply"),
    note: console.drafts.get(summary.id, "note"),
  }));
  const box = useRef<HTMLTextAreaElement>(null);
  const should_focus = useRef(false);
  const text = texts[kind];
  const can_write = kind === "note" || is_mine;
  const name = nameOf(t, summary);

  const setText = (of: PostKind, value: string) => {
    setTexts((all) => ({ ...all, [of]: value }));
    console.drafts.set(summary.id, of, value);
  };
  const write = (to: PostKind) => {
    should_focus.current = true;
    setKind(to);
    box.current?.focus();
  };
  const takeSuggestion = () => {
    if (suggestion === null || !is_mine) return;
    setText(
      "reply",
      texts.reply.trim() === "" ? suggestion.text : `${texts.reply.trimEnd()}\n${suggestion.text}`,
    );
    write("reply");
  };
  useImperativeHandle(ref, () => ({
    write,
    takeSuggestion,
    edit: (to, value) => {
      setText(to, value);
      write(to);
    },
  }));

  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what changes the box's height
  useLayoutEffect(() => grow(box.current), [text, kind, can_write]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the box may appear only after these changed
  useEffect(() => {
    if (!should_focus.current) return;
    should_focus.current = false;
    box.current?.focus();
  }, [kind, can_write]);
  useEffect(() => () => console.stopTyping(), [console]);

  const excess = Array.from(text).length - MAX_CHARS;
  const can_send = can_write && text.trim() !== "" && excess <= 0;
  const send = () => {
    if (!can_send) return;
    console.post(summary.id, kind, text.trim());
    setText(kind, "");
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.altKey && (event.code === "KeyN" || event.code === "KeyR")) {
      event.preventDefault();
      write(event.code === "KeyN" ? "note" : "reply");
    }
  };

  return (
    <div className={`composer ${kind}`}>
      {kind === "reply" && is_mine && suggestion !== null && (
        <Suggestion entry={suggestion} onTake={takeSuggestion} />
      )}
      <div className="composer-box">
        <div className="modes" role="radiogroup" aria-label={t("mode_label")}>
          <Mode
            is_on={kind === "reply"}
            label={t("reply")}
            onChange={() => setKind("reply")}
            onPointer={() => write("reply")}
          />
          <Mode
            is_on={kind === "note"}
            label={t("note")}
            has_lock
            onChange={() => setKind("note")}
            onPointer={() => write("note")}
          />
          {kind === "note" && <span className="only-team">{t("note_only_team")}</span>}
        </div>
        {can_write ? (
          <>
            <textarea
              ref={box}
              rows={2}
              value={text}
              dir="auto"
              placeholder={kind === "note" ? t("note_placeholder") : t("reply_placeholder", { name })}
              aria-label={kind === "note" ? `${t("note")}: ${t("note_only_team")}` : t("reply_to", { name })}
              aria-describedby="composer-help"
              aria-invalid={excess > 0}
              onChange={(event) => {
                setText(kind, event.target.value);
                if (kind === "reply" && event.target.value !== "") console.typed(summary.id);
              }}
              onBlur={() => console.stopTyping()}
              onKeyDown={onKeyDown}
            />
            <div className="composer-foot">
              <span id="composer-help" className={excess > 0 ? "excess" : "help"}>
                {excess > 0 ? t("too_long", { count: excess }) : t("enter_sends")}
              </span>
              <Button
                kind="primary"
                icon={kind === "note" ? "lock" : "send"}
                label={t(kind === "note" ? "save_note" : "send")}
                disabled={!can_send}
                onClick={send}
              />
            </div>
          </>
        ) : (
          <ClaimToReply summary={summary} can_claim={can_claim} onClaim={onClaim} />
        )}
      </div>
    </div>
  );
}

interface ModeProps {
  is_on: boolean;
  label: string;
  has_lock?: boolean;
  onChange: () => void;
  onPointer: () => void;
}

/** Chosen with a pointer, one wants to write at once; with the arrow keys, the focus stays where it is. */
function Mode({ is_on, label, has_lock = false, onChange, onPointer }: ModeProps) {
  return (
    <label className="mode">
      <input
        type="radio"
        name="mode"
        checked={is_on}
        onChange={onChange}
        onClick={(event) => event.detail > 0 && onPointer()}
      />
      {has_lock && <Icon name="lock" size={14} />}
      {label}
    </label>
  );
}

function grow(box: HTMLTextAreaElement | null): void {
  if (box === null) return;
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, MAX_LINES_PX)}px`;
}

function Suggestion({ entry, onTake }: { entry: Entry; onTake: () => void }) {
  const { t } = useFrame();
  return (
    <section className="suggestion" aria-label={t("suggestion")}>
      <header>
        <Icon name="spark" size={15} />
        {t("suggestion")}
      </header>
      <p className="text">
        <Words text={entry.text} />
      </p>
      <Sources sources={entry.sources} />
      <Button
        label={t("take_suggestion")}
        command="suggestion"
        onClick={onTake}
        aria-description={t("take_suggestion_key")}
      />
    </section>
  );
}

function ClaimToReply({
  summary,
  can_claim,
  onClaim,
}: {
  summary: Summary;
  can_claim: boolean;
  onClaim: () => Promise<unknown>;
}) {
  const { t } = useFrame();
  const [is_busy, run] = useBusy();
  const { kind, agent_name } = summary.owner;
  const params = { name: nameOf(t, summary), agent: agent_name ?? "" };
  return (
    <div className="claim-to-reply">
      <p>{t(`claim_to_reply_${kind}`, params)}</p>
      {can_claim && (
        <Button
          kind="primary"
          icon="claim"
          label={t(claimLabel(summary))}
          command="claim"
          disabled={is_busy}
          onClick={() => run(onClaim)}
        />
      )}
    </div>
  );
}

export function claimLabel({ owner }: Summary): "claim" | "take_over" | "reopen" {
  if (owner.kind === "queue") return "claim";
  return owner.kind === "closed" ? "reopen" : "take_over";
}
