/** Parts that the knowledge pages share. */
import { safeHref } from "../../../shared/links";
import { useFrame } from "../frame";
import { Icon } from "../icons";

export interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly T[];
  text: (option: T) => string;
  onChange: (value: T) => void;
}

/** A few choices side by side, one of them taken: radio buttons, so that the arrow keys walk. */
export function Choice<T extends string>({ label, value, options, text, onChange }: ChoiceProps<T>) {
  return (
    <fieldset className="choice">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label key={option}>
          <input
            type="radio"
            name={label}
            className="sr-only"
            checked={option === value}
            onChange={() => onChange(option)}
          />
          <span>{text(option)}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** A passage's title, as a link where its address may be opened. */
export function PassageTitle({ title, url }: { title: string; url: string }) {
  const { t } = useFrame();
  const href = safeHref(url, location.origin);
  if (href === null) return <strong>{title}</strong>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {title}
      <Icon name="link" size={13} />
      <span className="sr-only"> ({t("opens_new_tab")})</span>
    </a>
  );
}

export function Waiting({ rows = 5 }: { rows?: number }) {
  const { t } = useFrame();
  return (
    <div className="skeletons" role="status" aria-label={t("loading")}>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: grey lines are all the same
        <div key={i} className="skeleton-row">
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}
