import type { HostPowerView, HostView } from '../../../preload/contract/view';
import { hostCommands } from '../../commands';
import { runHostCommand } from '../../host-intents';
import { hostPowerWords, isAtRest, linkWords } from '../../link-words';
import { Button, Spinner } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { NextTry, Since, WakesAt } from '../../ui/times';
import { Block, Line } from '../../ui/untrusted';

/** The connection in an icon and a few words. A connection that stands is only a dot, with its word for those who listen. */
export function LinkLabel({ host }: { host: HostView }) {
  const { kind, link, enabled, status, power } = host;
  if (power !== null && power.state !== 'awake') return <PowerLabel power={power} />;
  const { icon, label } = linkWords[link.kind];
  switch (link.kind) {
    case 'offline':
      return (
        <>
          <Icon name={icon} /> {enabled ? label : `${label} (disabled)`}
        </>
      );
    case 'connecting':
      return (
        <>
          <Spinner /> {label} <Line text={link.step} className="link-step" />
        </>
      );
    case 'ready':
      return status.kind === 'looking' ? (
        <>
          <Spinner /> Looking for guests…
        </>
      ) : kind !== 'ssh' ? null : (
        <span className="link-ready" title={label}>
          <Icon name={icon} />
          <span className="unseen">{label}</span>
        </span>
      );
    case 'backoff':
      return (
        <>
          <Icon name={icon} /> <NextTry at={link.nextTry} />
        </>
      );
    case 'blocked':
      return (
        <span className="link-blocked">
          <Icon name={icon} /> {label}
        </span>
      );
  }
}

/** A host's own sleep, which is why it can't be reached. */
function PowerLabel({ power: { state, wakesAt, since } }: { power: HostPowerView }) {
  const words = hostPowerWords[state];
  if (words === null) return null;
  return (
    <span className="host-power">
      {words.icon === null ? <Spinner /> : <Icon name={words.icon} />}
      <span className="host-power-state">{words.label}</span>
      {state !== 'asleep' ? null : wakesAt !== null ? (
        <WakesAt due={wakesAt} />
      ) : since === null ? null : (
        <Since at={since} />
      )}
    </span>
  );
}

/** Stands where waiting for the next try, or for nothing, is the alternative. */
export function ConnectNow({ host, tabIndex }: { host: HostView; tabIndex: number }) {
  if (isAtRest(host)) return <WakeHost host={host} tabIndex={tabIndex} />;
  if (!host.enabled || (host.link.kind !== 'backoff' && host.link.kind !== 'blocked')) return null;
  const { label, icon } = hostCommands.connect;
  return (
    <Button icon={icon} tabIndex={tabIndex} onClick={() => void runHostCommand(host.id, 'connect')}>
      {label}
    </Button>
  );
}

function WakeHost({ host, tabIndex }: { host: HostView; tabIndex: number }) {
  const { power } = host;
  if (power?.state !== 'asleep' || !power.wake.available) return null;
  const { label, icon } = hostCommands.wake;
  return (
    <Button icon={icon} tabIndex={tabIndex} onClick={() => void runHostCommand(host.id, 'wake')}>
      {label}
    </Button>
  );
}

/** Under the heading: why there is no connection and what to do, why looking failed, or that nothing was found. */
export function LinkMore({ host, guests }: { host: HostView; guests: number }) {
  const { link, enabled, status, power } = host;
  if (power !== null && power.state !== 'awake') {
    // Without a button that wakes it, there is why.
    if (power.state !== 'asleep' || power.wake.available) return null;
    return <More text={power.wake.reason} remedy={power.wake.remedy} />;
  }
  switch (link.kind) {
    case 'backoff':
    case 'blocked':
      return <More text={link.reason} remedy={link.remedy} />;
    case 'ready':
      if (status.kind === 'failed') return <More text={status.message} remedy={status.remedy} />;
      return status.kind === 'ready' && guests === 0 ? (
        <More text="No QEMU guests were found there." remedy={undefined} />
      ) : null;
    case 'connecting':
      return null;
    case 'offline':
      return !enabled && guests === 0 ? <More text="Its guests show up once it is enabled." remedy={undefined} /> : null;
  }
}

function More({ text, remedy }: { text: string; remedy: string | undefined }) {
  return (
    <div role="gridcell" className="host-more">
      <Block text={text} /> {remedy === undefined ? null : <Block text={remedy} className="host-remedy" />}
    </div>
  );
}
