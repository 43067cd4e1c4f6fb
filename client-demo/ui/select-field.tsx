import { ChevronDown } from 'lucide';
import { useId } from 'preact/hooks';
import { Icon } from './icon.tsx';
import './field.css';

/** A labelled choice of one among several. */
export const SelectField = <T extends string | number>({
  label,
  value,
  options,
  onValue,
  hint,
}: {
  label: string;
  value: T;
  options: readonly { readonly value: T; readonly label: string }[];
  onValue: (value: T) => void;
  hint?: string;
}) => {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <span class="select">
        <select
          id={id}
          value={value}
          aria-describedby={hint ? `${id}-note` : undefined}
          onChange={({ currentTarget }) => {
            const chosen = options[currentTarget.selectedIndex];
            if (chosen) onValue(chosen.value);
          }}
        >
          {options.map(option => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
        <Icon of={ChevronDown} />
      </span>
      {hint && (
        <p id={`${id}-note`} class="field-hint">
          {hint}
        </p>
      )}
    </div>
  );
};
