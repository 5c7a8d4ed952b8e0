/** Why a message is understood as it is, word by word: the desk asks the bot for it when an agent wants to know. */
import { Reader } from "../../shared/wire-reader";
import { type NearExample, parseNear } from "./trace";

/** A word, in a long text a run of words, and how far the first and the second intent fall without it; below 0 the word speaks against. */
export interface WeighedWord {
  word: string;
  /** Something invisible stood before it. */
  is_spaced: boolean;
  for_first: number;
  for_second: number;
}

export interface Explanation {
  /** The customer's message that was explained. */
  seq: number;
  /** Whether the trace is of the model that answers now; null where the trace does not say. */
  is_same_model: boolean | null;
  intent: string | null;
  second: string | null;
  /** How much less likely the second intent is, in [0, 1]. */
  margin: number;
  /** In the order of the text. */
  words: readonly WeighedWord[];
  /** So many neighbouring words in each, 1 unless the text is long. */
  words_together: number;
  /** The bot reads all of the message. */
  is_whole: boolean;
  first_example: NearExample | null;
  second_example: NearExample | null;
}

export function parseExplanation(value: unknown): Explanation {
  const read = new Reader(value, "explanation");
  return {
    seq: read.seq("seq"),
    is_same_model: read.flagOr("is_same_model", null),
    intent: read.textOr("intent", null),
    second: read.textOr("second", null),
    margin: read.number("margin"),
    words: read.list("words", parseWord),
    words_together: read.number("words_together"),
    is_whole: read.flag("is_whole"),
    first_example: read.nestedOr("first_example", parseNear, null),
    second_example: read.nestedOr("second_example", parseNear, null),
  };
}

function parseWord(value: unknown, path: string): WeighedWord {
  const read = new Reader(value, path);
  return {
    word: read.text("word"),
    is_spaced: read.flag("is_spaced"),
    for_first: read.number("for_first"),
    for_second: read.number("for_second"),
  };
}
