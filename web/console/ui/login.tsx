import { type SubmitEvent, useState } from "react";
import type { ConsoleKey } from "../i18n/console";
import { DeskError } from "../wire/http";
import { useFrame, useSelect } from "./frame";
import { Button } from "./parts";

/** Sign in; over a page whose session ended, it goes on exactly there. */
export function Login({ is_again = false }: { is_again?: boolean }) {
  const { console, t } = useFrame();
  const me = useSelect((state) => state.me);
  const [email, setEmail] = useState(me?.email ?? "");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<ConsoleKey | null>(null);
  const [is_busy, setBusy] = useState(false);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await console.login(email.trim(), password);
    } catch (error) {
      setProblem(problemOf(error));
      setPassword("");
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className="login" onSubmit={(event) => void submit(event)}>
      <div className="login-head">
        {!is_again && <Mark />}
        {!is_again && <h1>{t("login_title")}</h1>}
        <p>{t(is_again ? "login_again_intro" : "login_intro")}</p>
      </div>
      <label className="field">
        <span>{t("email")}</span>
        <input
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          data-autofocus={email === "" || undefined}
          // biome-ignore lint/a11y/noAutofocus: signing in is all this page is for
          autoFocus={email === ""}
        />
      </label>
      <label className="field">
        <span>{t("password")}</span>
        <input
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          aria-invalid={problem === "login_wrong"}
          aria-describedby={problem === null ? undefined : "login-problem"}
          data-autofocus={email !== "" || undefined}
          // biome-ignore lint/a11y/noAutofocus: signing in is all this page is for
          autoFocus={email !== ""}
        />
      </label>
      <div className="login-problem" id="login-problem" role="alert">
        {problem !== null && t(problem)}
      </div>
      <Button type="submit" kind="primary" label={t(is_busy ? "signing_in" : "sign_in")} disabled={is_busy} />
    </form>
  );
}

function problemOf(error: unknown): ConsoleKey {
  if (!(error instanceof DeskError) || error.status === 0 || error.status >= 500) return "login_unreachable";
  return error.status === 429 ? "login_limited" : "login_wrong";
}

/** The house mark. */
export function Mark() {
  return (
    <svg className="mark" width="28" height="28" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" />
      <path d="M9 10.5h14a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7l-4.500 3.600v-3.600H9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2z" />
    </svg>
  );
}
