/** Short messages at the bottom, and what can still be undone. */
import { nameOf } from "../lib/words";
import { RESOLVE_DELAY_MS } from "../state/console";
import { useFrame, useSelect } from "./frame";
import { Button } from "./parts";

export function Toasts() {
  const { t, toasts, unsay } = useFrame();
  const resolving = useSelect((state) => state.resolving);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {[...resolving.keys()].map((id) => (
        <Resolving key={id} id={id} />
      ))}
      {toasts.map(({ id, text, tone }) => (
        <div key={id} className={`toast ${tone}`}>
          <span>{text}</span>
          <Button icon="close" is_bare kind="quiet" label={t("dismiss")} onClick={() => unsay(id)} />
        </div>
      ))}
    </div>
  );
}

function Resolving({ id }: { id: string }) {
  const { console, t } = useFrame();
  const summary = useSelect((state) => state.summaries.get(id) ?? null);
  if (summary === null) return null;
  return (
    <div className="toast">
      <span>{t("resolving", { name: nameOf(t, summary) })}</span>
      <Button
        icon="undo"
        kind="quiet"
        label={t("undo")}
        command="undo"
        onClick={() => console.undoResolve(id)}
      />
      <span className="countdown" aria-hidden="true" style={{ animationDuration: `${RESOLVE_DELAY_MS}ms` }} />
    </div>
  );
}
