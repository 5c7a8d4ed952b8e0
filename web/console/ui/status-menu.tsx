/** Who I am here: presence, appearance, language, alerts, keys, signing out. */
import { Menu } from "@mantine/core";
import { LOCALES } from "../../shared/i18n/locale";
import { keyOf } from "../lib/keys";
import { THEMES } from "../lib/preferences";
import { knowledgeHash } from "../lib/route";
import type { Presence } from "../wire/wire";
import { useAct } from "./act";
import { useFrame, useSelect } from "./frame";
import { Icon } from "./icons";
import { Mark } from "./login";
import { Button, Hint } from "./parts";

const CHOSEN: readonly Presence[] = ["online", "busy", "away"];
const LANGUAGE_NAMES = { en: "English", zh: "中文" } as const;

export function StatusMenu({ onHelp }: { onHelp: () => void }) {
  const { console, t, preferences, setPreferences, say } = useFrame();
  const me = useSelect((state) => state.me);
  const overview = useSelect((state) => state.overview);
  const act = useAct();
  if (me === null) return null;

  const toggleNotifications = async () => {
    if (preferences.has_notifications) return setPreferences({ has_notifications: false });
    const answer = "Notification" in window ? await Notification.requestPermission() : "denied";
    if (answer === "granted") setPreferences({ has_notifications: true });
    else say(t("alert_desktop_blocked"), "alarm");
  };

  return (
    <>
      <Mark />
      <h1 className="list-title">{t("app_name")}</h1>
      {overview !== null && (
        <span className="team">
          <span>{t("team_online", { count: overview.agents_online })}</span>
        </span>
      )}
      <Hint text={t("knowledge")} command="knowledge">
        <a
          className="button quiet bare to-knowledge"
          href={knowledgeHash("unanswered")}
          aria-label={t("knowledge")}
          aria-keyshortcuts={keyOf("knowledge")}
        >
          <Icon name="book" />
        </a>
      </Hint>
      <Button
        icon="keyboard"
        is_bare
        kind="quiet"
        label={t("keys_title")}
        command="help"
        onClick={onHelp}
        className="help-button"
      />
      <Menu
        position="bottom-end"
        width={264}
        shadow="none"
        transitionProps={{ duration: 120 }}
        withInitialFocusPlaceholder={false}
      >
        <Menu.Target>
          <button type="button" className="me" aria-label={t("my_settings", { name: me.name })}>
            <span className="avatar agent" aria-hidden="true">
              {Array.from(me.name)[0]}
            </span>
            <span className={`presence ${me.presence}`} aria-hidden="true" />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <div className="menu-me">
            <strong>{me.name}</strong>
            <span>{me.email}</span>
            {overview !== null && <span>{t("closed_today", { count: overview.closed_today })}</span>}
          </div>
          <Menu.Label>{t("presence")}</Menu.Label>
          {CHOSEN.map((presence) => (
            <Choice
              key={presence}
              label={t(`presence_${presence}`)}
              is_chosen={me.presence === presence}
              mark={<span className={`presence ${presence}`} />}
              onClick={() => void act("", () => console.setPresence(presence))}
            />
          ))}
          <Menu.Label>{t("theme")}</Menu.Label>
          {THEMES.map((theme) => (
            <Choice
              key={theme}
              label={t(`theme_${theme}`)}
              is_chosen={preferences.theme === theme}
              onClick={() => setPreferences({ theme })}
            />
          ))}
          <Menu.Label>{t("language")}</Menu.Label>
          {LOCALES.map((locale) => (
            <Choice
              key={locale}
              label={LANGUAGE_NAMES[locale]}
              lang={locale}
              is_chosen={preferences.locale === locale}
              onClick={() => setPreferences({ locale })}
            />
          ))}
          <Menu.Label>{t("alerts")}</Menu.Label>
          <Switch
            label={t("alert_sound")}
            is_on={preferences.has_sound}
            onClick={() => setPreferences({ has_sound: !preferences.has_sound })}
          />
          <Switch
            label={t("alert_desktop")}
            is_on={preferences.has_notifications}
            onClick={() => void toggleNotifications()}
          />
          <Switch
            label={t("single_keys")}
            is_on={preferences.has_single_keys}
            onClick={() => setPreferences({ has_single_keys: !preferences.has_single_keys })}
          />
          <Menu.Divider />
          <Menu.Item onClick={() => void console.logout()}>{t("sign_out")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

interface ChoiceProps {
  label: string;
  is_chosen: boolean;
  onClick: () => void;
  mark?: React.ReactNode;
  lang?: string;
}

function Choice({ label, is_chosen, onClick, mark, lang }: ChoiceProps) {
  return (
    <Menu.RadioItem
      value={label}
      checked={is_chosen}
      onChange={onClick}
      checkIcon={<Icon name="check" size={16} />}
      rightSection={mark}
      lang={lang}
    >
      {label}
    </Menu.RadioItem>
  );
}

function Switch({ label, is_on, onClick }: { label: string; is_on: boolean; onClick: () => void }) {
  return (
    <Menu.CheckboxItem checked={is_on} onChange={onClick} checkIcon={<Icon name="check" size={16} />}>
      {label}
    </Menu.CheckboxItem>
  );
}
