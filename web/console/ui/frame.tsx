/** What every part of the page shares: the console, words, dates, preferences, and a place for short messages. */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { buildTranslate } from "../../shared/i18n/translate";
import { CONSOLE_MESSAGES } from "../i18n/console";
import type { Preferences } from "../lib/preferences";
import { buildTimes, type Times } from "../lib/times";
import type { T } from "../lib/words";
import type { Console } from "../state/console";
import type { State } from "../state/state";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "alarm";
}

interface Frame {
  console: Console;
  t: T;
  times: Times;
  preferences: Preferences;
  setPreferences: (change: Partial<Preferences>) => void;
  toasts: readonly Toast[];
  say: (text: string, tone?: Toast["tone"]) => void;
  unsay: (id: number) => void;
}

const FrameContext = createContext<Frame | null>(null);
const TOAST_MS = 6_000;
let next_toast_id = 1;

export interface FrameProps {
  console: Console;
  preferences: Preferences;
  onPreferences: (preferences: Preferences) => void;
  children: ReactNode;
}

export function FrameProvider({ console, preferences, onPreferences, children }: FrameProps) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const unsay = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const say = useCallback(
    (text: string, tone: Toast["tone"] = "plain") => {
      const id = next_toast_id++;
      setToasts((all) => [...all.filter((toast) => toast.text !== text).slice(-2), { id, text, tone }]);
      setTimeout(() => unsay(id), TOAST_MS);
    },
    [unsay],
  );
  const frame = useMemo<Frame>(() => {
    const { locale } = preferences;
    const t = buildTranslate(CONSOLE_MESSAGES[locale], locale);
    const times = buildTimes(t, locale, navigator.languages, Date.now);
    const setPreferences = (change: Partial<Preferences>) => onPreferences({ ...preferences, ...change });
    return { console, t, times, preferences, setPreferences, toasts, say, unsay };
  }, [console, preferences, onPreferences, toasts, say, unsay]);
  return <FrameContext value={frame}>{children}</FrameContext>;
}

export function useFrame(): Frame {
  const frame = useContext(FrameContext);
  if (frame === null) throw new Error("this component stands outside of the frame");
  return frame;
}

/** Read a part of the state; `select` returns something that is the same object as long as nothing changed. */
export function useSelect<Part>(select: (state: State) => Part): Part {
  const { console } = useFrame();
  return useSyncExternalStore(console.subscribe, () => select(console.getState()));
}

/** The time, told again every `every_ms`. */
export function useNow(every_ms: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every_ms);
    return () => clearInterval(timer);
  }, [every_ms]);
  return now;
}
