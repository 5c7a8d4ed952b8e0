/** Reading what a knowledge page shows: once, or a page at a time. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Page } from "../../wire/wire";

export type Status = "loading" | "ready" | "failed";

export interface Loaded<T> {
  data: T | null;
  status: Status;
  reload: () => void;
  put: (data: T) => void;
}

/** Read something, and again when `load` is another; an answer that comes too late is dropped. */
export function useLoad<T>(load: () => Promise<T>): Loaded<T> {
  const [data, setData] = useState<T | null>(null);
  const [status, setStatus] = useState<Status>("loading");
  const round = useRef(0);
  const reload = useCallback(() => {
    const mine = ++round.current;
    setStatus("loading");
    load().then(
      (found) => {
        if (mine !== round.current) return;
        setData(found);
        setStatus("ready");
      },
      () => mine === round.current && setStatus("failed"),
    );
  }, [load]);
  useEffect(() => {
    setData(null);
    reload();
    return () => void round.current++;
  }, [reload]);
  return { data, status, reload, put: setData };
}

export interface Paged<T> {
  items: readonly T[];
  status: Status;
  has_more: boolean;
  more: () => void;
  reload: () => void;
  remove: (gone: (item: T) => boolean) => void;
}

/** Read a list page after page; `load` is asked with where the page begins. */
export function usePages<T>(load: (cursor: string | null) => Promise<Page<T>>): Paged<T> {
  const [items, setItems] = useState<readonly T[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [status, setStatus] = useState<Status>("loading");
  const round = useRef(0);
  const read = useCallback(
    (from: string | null) => {
      const mine = ++round.current;
      setStatus("loading");
      load(from).then(
        (page) => {
          if (mine !== round.current) return;
          setItems((known) => (from === null ? page.items : [...known, ...page.items]));
          setCursor(page.next_cursor);
          setStatus("ready");
        },
        () => mine === round.current && setStatus("failed"),
      );
    },
    [load],
  );
  const reload = useCallback(() => read(null), [read]);
  useEffect(() => {
    setItems([]);
    setCursor(null);
    reload();
    return () => void round.current++;
  }, [reload]);
  const more = () => {
    if (cursor !== null && status !== "loading") read(cursor);
  };
  const remove = (gone: (item: T) => boolean) => setItems((known) => known.filter((item) => !gone(item)));
  return { items, status, has_more: cursor !== null, more, reload, remove };
}
