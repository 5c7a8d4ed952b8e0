import { createTheme, MantineProvider, Modal } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useState } from "react";
import type { Storage } from "../../shared/storage";
import { loadPreferences, type Preferences, savePreferences } from "../lib/preferences";
import type { Console } from "../state/console";
import { FrameProvider, useFrame, useSelect } from "./frame";
import { Login, Mark } from "./login";
import { Workspace } from "./workspace";

const THEME = createTheme({ respectReducedMotion: true, cursorType: "pointer" });

export interface AppProps {
  console: Console;
  storage: Storage;
}

export function App({ console, storage }: AppProps) {
  const [preferences, setPreferences] = useState<Preferences>(() =>
    loadPreferences(storage, navigator.languages),
  );
  const keep = (changed: Preferences) => {
    savePreferences(storage, changed);
    setPreferences(changed);
  };
  const scheme = useScheme(preferences);
  useEffect(() => {
    document.documentElement.lang = preferences.locale;
  }, [preferences.locale]);
  return (
    // The styles Mantine would write into the page are in styles/mantine.css: the page's policy allows none inline.
    <MantineProvider
      theme={THEME}
      forceColorScheme={scheme}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <FrameProvider console={console} preferences={preferences} onPreferences={keep}>
        <Gate />
      </FrameProvider>
    </MantineProvider>
  );
}

function useScheme({ theme }: Preferences): "light" | "dark" {
  const query = "(prefers-color-scheme: dark)";
  const is_dark_outside = useMediaQuery(query, window.matchMedia(query).matches, {
    getInitialValueInEffect: false,
  });
  const scheme = theme === "auto" ? (is_dark_outside ? "dark" : "light") : theme;
  useEffect(() => {
    document.documentElement.dataset.theme = scheme;
  }, [scheme]);
  return scheme;
}

function Gate() {
  const { t } = useFrame();
  const session = useSelect((state) => state.session);
  const me = useSelect((state) => state.me?.id);
  if (session === "checking" || session === "unreachable")
    return (
      <main className="gate" role="status">
        <Mark />
        <p>{t(session === "checking" ? "starting" : "start_unreachable")}</p>
      </main>
    );
  if (session === "signed_out")
    return (
      <main className="gate">
        <Login />
      </main>
    );
  return (
    <>
      {/* Somebody else on the same page finds nothing open or half typed. */}
      <Workspace key={me} />
      <Modal
        opened={session === "expired"}
        onClose={() => {}}
        withCloseButton={false}
        closeOnEscape={false}
        closeOnClickOutside={false}
        centered
        size={400}
        lockScroll={false}
        title={t("login_again_title")}
        transitionProps={{ duration: 120 }}
      >
        <Login is_again />
      </Modal>
    </>
  );
}
