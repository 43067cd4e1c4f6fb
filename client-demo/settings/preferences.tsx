import { useId, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { Dialog } from '../ui/dialog.tsx';
import { useObservable } from '../ui/state.ts';
import { Choice } from './choice.tsx';
import './settings.css';

/** How the page looks and speaks in this browser, and whether it may call. */
export const Preferences = ({ onClose }: { onClose: () => void }) => {
  const { settings } = useApp();
  const { t } = useWords();
  const { theme, language } = useObservable(settings);
  return (
    <Dialog title={t('settings.preferences')} onClose={onClose}>
      <div class="dialog-body settings-body">
        <Choice
          label={t('settings.theme')}
          value={theme}
          options={[
            { value: 'system', label: t('settings.system') },
            { value: 'light', label: t('settings.light') },
            { value: 'dark', label: t('settings.dark') },
          ]}
          onValue={value => settings.change({ theme: value })}
        />
        <Choice
          label={t('settings.language')}
          value={language}
          options={[
            { value: 'system', label: t('settings.system') },
            { value: 'en', label: t('settings.english'), lang: 'en' },
            { value: 'de', label: t('settings.german'), lang: 'de' },
          ]}
          onValue={value => settings.change({ language: value })}
        />
        {'Notification' in globalThis && <NotifySwitch />}
        <p class="settings-about">{t('settings.about')}</p>
      </div>
    </Dialog>
  );
};

/** On only with the browser's leave, which it is asked for at the first time. */
const NotifySwitch = () => {
  const { settings } = useApp();
  const { t } = useWords();
  const { notify } = useObservable(settings);
  const [permission, setPermission] = useState(Notification.permission);
  const id = useId();
  const isOn = notify && permission === 'granted';
  const turn = async () => {
    const answer = isOn ? permission : await Notification.requestPermission();
    setPermission(answer);
    settings.change({ notify: !isOn && answer === 'granted' });
  };
  return (
    <div class="settings-switch">
      <div class="settings-switch-text">
        <span id={`${id}-label`} class="field-label">
          {t('settings.notify')}
        </span>
        <span id={`${id}-hint`} class={permission === 'denied' ? 'field-error' : 'field-hint'}>
          {t(permission === 'denied' ? 'settings.notifyDenied' : 'settings.notifyHint')}
        </span>
      </div>
      <button
        type="button"
        role="switch"
        class="settings-toggle"
        aria-checked={isOn}
        aria-labelledby={`${id}-label`}
        aria-describedby={`${id}-hint`}
        disabled={permission === 'denied'}
        onClick={turn}
      />
    </div>
  );
};
