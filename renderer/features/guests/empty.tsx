import type { ReactNode } from 'react';
import type { HostView } from '../../../preload/contract/view';
import type { Emptiness } from '../../groups';
import { useWindow } from '../../store';
import { Spinner } from '../../ui/button';
import { Copyable } from '../../ui/copyable';
import { Icon } from '../../ui/icon';
import { Block, Line } from '../../ui/untrusted';
import { AddButton, DemoButton } from '../window/app-buttons';
import { exampleCommand } from './example';

/** What stands in the list's place while there is no guest. */
export function EmptyList({ why }: { why: Exclude<Emptiness, 'some'> }) {
  const known = useWindow((state) => state.view?.hosts);
  const hosts = Object.values(known ?? {});
  switch (why) {
    case 'starting':
      return <Waiting text="Starting…" />;
    case 'looking':
      return <Waiting text="Looking for guests…" />;
    case 'failed':
      return (
        <FirstSteps title="Looking for guests failed" icon="crash">
          <FailedHosts />
        </FirstSteps>
      );
    case 'none':
      return (
        <FirstSteps title="No guests yet" icon="moon">
          <Remarks hosts={hosts} />
          <p>
            Reveille lists this computer’s libvirt guests and the QEMU guests that run on it, puts them to sleep and wakes
            them on time. Start a QEMU with a QMP socket, and with the guest agent inside, and it shows up here by itself:
          </p>
          <Example />
        </FirstSteps>
      );
  }
}

/** What could not be asked may be why there is nothing to list. */
function Remarks({ hosts }: { hosts: readonly HostView[] }) {
  return hosts.flatMap((host) =>
    host.remarks.map(({ text, remedy }) => (
      <p key={`${host.id} ${text}`} className="empty-remark">
        <Block text={text} /> <Block text={remedy} className="remedy" />
      </p>
    )),
  );
}

function Waiting({ text }: { text: string }) {
  return (
    <div className="empty" role="status">
      <p className="waiting">
        <Spinner /> {text}
      </p>
    </div>
  );
}

interface FirstStepsProps {
  title: string;
  icon: 'moon' | 'crash';
  children: ReactNode;
}

function FirstSteps({ title, icon, children }: FirstStepsProps) {
  const app = useWindow((state) => state.view?.app);
  return (
    <div className="empty">
      <span className="empty-mark">
        <Icon name={icon} />
      </span>
      <h2>{title}</h2>
      {children}
      <div className="button-row">
        {app === undefined ? null : <DemoButton app={app} look="primary" />}
        <AddButton command="add-guest" />
        <AddButton command="add-host" />
      </div>
      <p className="hint">
        The demo opens simulated guests and changes nothing here. A host is another computer with guests, reached by SSH.
      </p>
    </div>
  );
}

function Example() {
  const platform = useWindow((state) => state.view?.app.platform ?? 'other');
  return <Copyable text={exampleCommand(platform)} label="Example command" />;
}

function FailedHosts() {
  const hosts = useWindow((state) => state.view?.hosts);
  return Object.values(hosts ?? {}).map((host) =>
    host.status.kind === 'failed' ? (
      <p key={host.id}>
        <Block text={host.status.message} /> <Block text={host.status.remedy} className="remedy" />
      </p>
    ) : null,
  );
}

/** A host without guests, above the hosts that have some. */
export function HostNote({ hostId }: { hostId: string }) {
  const host = useWindow((state) => state.view?.hosts[hostId]);
  if (host === undefined) return null;
  return (
    <section className="host-note" aria-labelledby={`host-note-${hostId}`}>
      <h2 className="host-head" id={`host-note-${hostId}`}>
        <Icon name={host.simulated ? 'flask' : 'host'} />
        <span className="host-name">
          <Line text={host.name} />
        </span>
      </h2>
      <HostState host={host} />
      <Remarks hosts={[host]} />
    </section>
  );
}

function HostState({ host }: { host: HostView }) {
  switch (host.status.kind) {
    case 'looking':
      return (
        <p className="waiting">
          <Spinner /> Looking for guests…
        </p>
      );
    case 'failed':
      return (
        <p className="host-status-failed">
          <Block text={host.status.message} /> <Block text={host.status.remedy} className="remedy" />
        </p>
      );
    case 'ready':
      return host.simulated ? (
        <p>No simulated guests.</p>
      ) : (
        <details className="how-to">
          <summary>No guests found here. How to start one that Reveille can see</summary>
          <Example />
        </details>
      );
  }
}
