import type { SubmitEvent } from 'react';
import { useId, useRef, useState } from 'react';
import type { Refusal } from '../../../preload/contract/commands';
import type { HostView } from '../../../preload/contract/view';
import { call } from '../../bridge';
import { appCommands, hostCommands } from '../../commands';
import { closeDialog } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { Refused } from '../../ui/refused';
import { AddressField } from './address-field';
import { ConnectionTest } from './connection-test';
import { useConnectionTest } from './use-test';

/** Adds a host, or changes one. Main reads the address; what it refuses is said here. */
export function HostDialog({ host }: { host: HostView | null }) {
  const [address, setAddress] = useState(host?.address ?? '');
  const [name, setName] = useState(host?.name ?? '');
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const { test, busy: testing, begin, end } = useConnectionTest();
  const field = useRef<HTMLInputElement>(null);
  const nameId = useId();

  const changeAddress = (text: string) => {
    setAddress(text);
    setRefusal(null);
    end();
  };
  const refuse = (why: Refusal | null) => {
    setRefusal(why);
    if (why !== null) field.current?.focus();
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const saved =
      host === null
        ? await call('addHost', { address, name })
        : await call('editHost', { hostId: host.id, address, name });
    setBusy(false);
    if (saved.ok) closeDialog();
    else refuse(saved.refusal);
  };
  const { label, icon } = appCommands['add-host'];
  return (
    <Modal
      title={host === null ? label : (hostCommands.edit.longLabel ?? label)}
      about="A computer with QEMU guests, reached by SSH. Nothing is installed there."
      initialFocus={field}
      wide
    >
      <form onSubmit={(event) => void submit(event)}>
        <div className="host-fields">
          <AddressField value={address} onValue={changeAddress} field={field} invalid={refusal !== null} />
          <div className="field">
            <label htmlFor={nameId}>Name</label>
            <input
              id={nameId}
              type="text"
              className="input"
              value={name}
              placeholder="Optional"
              maxLength={200}
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => setName(event.target.value)}
            />
          </div>
        </div>
        <ConnectionTest test={test} />
        <div role="alert" className="host-refusal">
          {refusal === null ? null : <Refused refusal={refusal} />}
        </div>
        <ModalFoot>
          <Button icon="bolt" busy={testing} data-foot="start" onClick={() => void begin(address).then(refuse)}>
            Test connection
          </Button>
          <Button onClick={closeDialog}>Cancel</Button>
          <Button look="primary" icon={host === null ? icon : 'check'} submit busy={busy}>
            {host === null ? label : 'Save'}
          </Button>
        </ModalFoot>
      </form>
    </Modal>
  );
}
