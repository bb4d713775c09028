import type { ComponentPropsWithRef, ReactNode } from 'react';
import type { IconName } from './icon';
import { Icon } from './icon';

type NativeButton = Omit<ComponentPropsWithRef<'button'>, 'className' | 'type'>;

interface ButtonProps extends NativeButton {
  look?: 'plain' | 'primary' | 'quiet' | 'danger';
  icon?: IconName;
  busy?: boolean;
  submit?: boolean;
  children: ReactNode;
}

/** A button with a label. `busy` shows a spinner; busy or aria-disabled, it takes no clicks but keeps the focus. */
export function Button({ look = 'plain', icon, busy = false, submit = false, children, ...rest }: ButtonProps) {
  const disabled = busy || rest['aria-disabled'] === true;
  return (
    <button
      {...rest}
      type={submit ? 'submit' : 'button'}
      className={`button button-${look}`}
      aria-disabled={disabled ? true : undefined}
      onClick={disabled ? (event) => event.preventDefault() : rest.onClick}
    >
      {busy ? <Spinner /> : icon === undefined ? null : <Icon name={icon} />}
      <span className="button-label">{children}</span>
    </button>
  );
}

interface IconButtonProps extends NativeButton {
  icon: IconName;
  label: string;
}

/** A button of which only the icon is seen; the label is its name and its tooltip. */
export function IconButton({ icon, label, ...rest }: IconButtonProps) {
  return (
    <button title={label} {...rest} type="button" className="icon-button" aria-label={label}>
      <Icon name={icon} />
    </button>
  );
}

export function Spinner() {
  return (
    <svg className="icon spinner" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <circle className="spinner-track" cx="8" cy="8" r="5.75" />
      <path className="spinner-arc" d="M8 2.25A5.75 5.75 0 0 1 13.75 8" />
    </svg>
  );
}

export function KeyCap({ children }: { children: string }) {
  return (
    <kbd className="key-cap" aria-hidden="true">
      {children}
    </kbd>
  );
}
