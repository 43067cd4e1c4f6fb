import { Apple, Clock3, Flag, Hand, Hash, Leaf, Lightbulb, Plane, Smile, Trophy } from 'lucide';
import type { TargetedEvent } from 'preact';
import { useWords } from '../app/context.ts';
import type { Key } from '../language/words.ts';
import { Icon } from '../ui/icon.tsx';
import type { Emoji } from './emoji-data.ts';
import { EmojiSection } from './emoji-section.tsx';

interface Group {
  readonly group: number;
  readonly name: Key;
  readonly icon: typeof Smile;
}

/** The groups of emojibase that are shown, in the order of keyboards. */
export const groups: readonly Group[] = [
  { group: 0, name: 'composer.emojiSmileys', icon: Smile },
  { group: 1, name: 'composer.emojiPeople', icon: Hand },
  { group: 3, name: 'composer.emojiNature', icon: Leaf },
  { group: 4, name: 'composer.emojiFood', icon: Apple },
  { group: 5, name: 'composer.emojiTravel', icon: Plane },
  { group: 6, name: 'composer.emojiActivities', icon: Trophy },
  { group: 7, name: 'composer.emojiObjects', icon: Lightbulb },
  { group: 8, name: 'composer.emojiSymbols', icon: Hash },
  { group: 9, name: 'composer.emojiFlags', icon: Flag },
];

/** Where nobody searches: what was used last, then everything. */
export const AllEmoji = ({
  recent,
  byGroup,
  onEmoji,
}: {
  recent: readonly Emoji[];
  byGroup: readonly (readonly Emoji[])[];
  onEmoji: (event: TargetedEvent<HTMLButtonElement>) => void;
}) => {
  const { t } = useWords();
  return (
    <>
      {recent.length > 0 && (
        <EmojiSection
          name={t('composer.emojiRecent')}
          section="composer.emojiRecent"
          emoji={recent}
          onEmoji={onEmoji}
        />
      )}
      {groups.map(({ name }, at) => (
        <EmojiSection key={name} name={t(name)} section={name} emoji={byGroup[at] ?? []} onEmoji={onEmoji} />
      ))}
    </>
  );
};

/** Leads to each group, by its picture. */
export const GroupButtons = ({ hasRecent, onJump }: { hasRecent: boolean; onJump: (name: Key) => void }) => {
  const { t } = useWords();
  const recent = { name: 'composer.emojiRecent', icon: Clock3 } as const;
  return (
    <div class="emoji-groups">
      {[...(hasRecent ? [recent] : []), ...groups].map(({ name, icon }) => (
        <button
          key={name}
          type="button"
          class="emoji-group"
          aria-label={t(name)}
          title={t(name)}
          onClick={() => onJump(name)}
        >
          <Icon of={icon} />
        </button>
      ))}
    </div>
  );
};
