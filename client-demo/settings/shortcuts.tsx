import { useWords } from '../app/context.ts';
import { type Shortcut, shortcuts } from '../app/shortcuts.ts';
import type { Key } from '../language/words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ReadingBody } from '../ui/reading-body.tsx';
import './settings.css';

/** Those of single messages and of the field below them are heard there; here they are only told. */
const places: readonly { readonly title: Key; readonly shortcuts: readonly Shortcut[] }[] = [
  { title: 'settings.everywhere', shortcuts },
  {
    title: 'settings.amongMessages',
    shortcuts: [
      { keys: ['↑', '↓'], label: 'settings.keyMove' },
      { keys: ['Enter'], label: 'settings.keyMenu' },
      { keys: ['R'], label: 'settings.keyReply' },
      { keys: ['E'], label: 'settings.keyEdit' },
      { keys: ['+'], label: 'settings.keyReact' },
      { keys: ['C'], label: 'settings.keyCopy' },
      { keys: ['Delete'], label: 'settings.keyTakeBack' },
    ],
  },
  {
    title: 'settings.whileWriting',
    shortcuts: [
      { keys: ['Enter'], label: 'settings.keySend' },
      { keys: ['Shift Enter'], label: 'settings.keyNewLine' },
      { keys: ['@'], label: 'settings.keyMention' },
      { keys: ['↑'], label: 'settings.keyEditLast' },
      { keys: ['Escape'], label: 'settings.keyCancel' },
    ],
  },
];

/** The keys that do something, and where. */
export const Shortcuts = ({ onClose }: { onClose: () => void }) => {
  const { t } = useWords();
  return (
    <Dialog title={t('settings.shortcuts')} onClose={onClose}>
      <ReadingBody label={t('settings.shortcuts')} class="settings-body">
        {places.map(({ title, shortcuts: all }) => (
          <section key={title}>
            <h3 class="settings-title">{t(title)}</h3>
            <dl class="settings-keys">
              {all.map(({ keys, label }) => (
                <div key={label}>
                  <dt>{t(label)}</dt>
                  <dd>
                    {keys.map(key => (
                      <Keys key={key} keys={key} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </ReadingBody>
    </Dialog>
  );
};

/** Keys that are pressed together, as `Alt N`. */
const Keys = ({ keys }: { keys: string }) => {
  const { t, has } = useWords();
  const nameOf = (key: string) => {
    const name = `settings.key_${key}`;
    return has(name) ? t(name) : key;
  };
  return (
    <span class="settings-combination">
      {keys.split(' ').map(key => (
        <kbd key={key}>{nameOf(key)}</kbd>
      ))}
    </span>
  );
};
