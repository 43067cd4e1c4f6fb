import { useId } from 'preact/hooks';

/** One of a few, all in sight. */
export const Choice = <T extends string>({
  label,
  value,
  options,
  onValue,
}: {
  label: string;
  value: T;
  options: readonly { readonly value: T; readonly label: string; readonly lang?: string }[];
  onValue: (value: T) => void;
}) => {
  const name = useId();
  return (
    <fieldset class="settings-choice">
      <legend class="field-label">{label}</legend>
      <div class="settings-options">
        {options.map(option => (
          <label key={option.value} class="settings-option">
            <input
              class="unseen"
              type="radio"
              name={name}
              checked={option.value === value}
              onChange={() => onValue(option.value)}
            />
            <span lang={option.lang}>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
};
