import type { KeyboardEvent, RefObject } from 'react';
import { useId, useState } from 'react';
import { call } from '../../bridge';
import { IconButton } from '../../ui/button';
import { useRemote } from '../../ui/remote';
import { Block, Line } from '../../ui/untrusted';
import type { KnownHost } from './known-hosts';
import { matchingHosts } from './known-hosts';

interface AddressFieldProps {
  value: string;
  onValue: (value: string) => void;
  field: RefObject<HTMLInputElement | null>;
  invalid: boolean;
}

const askHosts = () => call('listSshHosts', {});
const nothing: readonly KnownHost[] = [];

/** What one types to ssh; the hosts of ~/.ssh/config that go on like it can be picked below. */
export function AddressField({ value, onValue, field, invalid }: AddressFieldProps) {
  const { value: known, refusal } = useRemote('~/.ssh/config', '', askHosts);
  const [open, setOpen] = useState(false);
  const [place, setPlace] = useState(-1);
  /** The list was opened by its button: it shows every host, whatever is typed. */
  const [all, setAll] = useState(false);
  const id = useId();
  const found = matchingHosts(known ?? nothing, all ? '' : value);
  const shown = open && found.length > 0;
  const at = shown ? Math.min(place, found.length - 1) : -1;

  const show = (every: boolean, first: number) => {
    setAll(every);
    setPlace(first);
    setOpen(true);
  };
  const pick = (host: KnownHost | undefined) => {
    if (host === undefined) return;
    onValue(host.alias);
    setOpen(false);
    field.current?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && !shown) show(value.trim() === '', step === 1 ? 0 : -1);
    else if (step !== 0) setPlace((at + step + found.length) % found.length);
    else if (event.key === 'Enter' && at >= 0) pick(found[at]);
    else if (event.key === 'Escape' && shown) {
      event.stopPropagation();
      setOpen(false);
    } else return;
    event.preventDefault();
  };
  return (
    <div className="field address-field" onBlur={(event) => closeOnLeave(event.currentTarget, event.relatedTarget, setOpen)}>
      <label htmlFor={id}>Host</label>
      <div className="input-with-button">
        <input
          id={id}
          ref={field}
          type="text"
          role="combobox"
          className="input"
          aria-expanded={shown}
          aria-controls={`${id}-list`}
          aria-activedescendant={at < 0 ? undefined : `${id}-${at}`}
          aria-autocomplete="list"
          aria-describedby={`${id}-hint`}
          aria-invalid={invalid}
          value={value}
          placeholder="me@nas, nas, ssh://me@nas:2222"
          spellCheck={false}
          autoComplete="off"
          maxLength={2000}
          onChange={(event) => {
            onValue(event.target.value);
            show(false, -1);
          }}
          onKeyDown={onKey}
        />
        {known === null || known.length === 0 ? null : (
          <IconButton
            icon="down"
            label="Hosts of ~/.ssh/config"
            aria-expanded={shown}
            tabIndex={-1}
            onClick={() => {
              if (shown) setOpen(false);
              else show(true, -1);
              field.current?.focus();
            }}
          />
        )}
      </div>
      <ul role="listbox" id={`${id}-list`} className="known-hosts" aria-label="Hosts of ~/.ssh/config" hidden={!shown}>
        {shown
          ? found.map((host, index) => (
              <KnownHostEntry
                key={host.alias}
                id={`${id}-${index}`}
                host={host}
                selected={index === at}
                onPick={() => pick(host)}
                onPoint={() => setPlace(index)}
              />
            ))
          : null}
      </ul>
      <p className="hint" id={`${id}-hint`}>
        What you would type to ssh.<Known count={known?.length ?? 0} />
        {refusal === null ? null : <Block text={refusal.message} />}
      </p>
    </div>
  );
}

function closeOnLeave(field: Element, next: EventTarget | null, setOpen: (open: boolean) => void): void {
  if (!(next instanceof Node) || !field.contains(next)) setOpen(false);
}

function Known({ count }: { count: number }) {
  if (count === 0) return null;
  return <> Arrow down lists {count === 1 ? 'the host' : `the ${count} hosts`} of ~/.ssh/config.</>;
}

interface KnownHostEntryProps {
  id: string;
  host: KnownHost;
  selected: boolean;
  onPick: () => void;
  onPoint: () => void;
}

function KnownHostEntry({ id, host, selected, onPick, onPoint }: KnownHostEntryProps) {
  return (
    <li
      role="option"
      id={id}
      aria-selected={selected}
      className="known-host"
      ref={(element) => (selected ? element?.scrollIntoView({ block: 'nearest' }) : undefined)}
      onPointerDown={(event) => event.preventDefault()}
      onPointerMove={onPoint}
      onClick={onPick}
    >
      <Line text={host.alias} className="known-alias" />
      <Line text={host.address} className="known-address" />
    </li>
  );
}
