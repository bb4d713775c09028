import type { ReactNode } from 'react';
import { Fragment } from 'react';
import type { GuestFacts, GuestView } from '../../../preload/contract/view';
import { call } from '../../bridge';
import { spanWords } from '../../time';
import { Spinner } from '../../ui/button';
import { Refused } from '../../ui/refused';
import { useRemote } from '../../ui/remote';
import { Moment } from '../../ui/times';
import { Block } from '../../ui/untrusted';
import { memoryWords } from '../../words';


const askFacts = (guestId: string) => call('guestFacts', { guestId });

/** What the hypervisor and the agent say about the guest: asked for when the pane opens and when the state changes. */
export function Facts({ guest }: { guest: GuestView }) {
  const version = `${guest.state.name} ${guest.state.since} ${guest.agent.status}`;
  const { value, refusal, loading } = useRemote<GuestFacts>(guest.id, version, askFacts);
  return (
    <section aria-labelledby="facts-heading" aria-busy={loading}>
      <h3 id="facts-heading">
        Facts {loading ? <Spinner /> : null}
        {value === null ? null : (
          <span className="asked-at">
            asked <Moment at={value.asked} />
          </span>
        )}
      </h3>
      {refusal === null ? null : <Refused refusal={refusal} />}
      {value === null ? null : <FactList facts={value} />}
    </section>
  );
}

type Fact<T> = { value: T } | { missing: string };

function written<T>(fact: Fact<T>, write: (value: T) => string): ReactNode {
  return 'value' in fact ? (
    <Block text={write(fact.value)} />
  ) : (
    <span className="missing">
      <Block text={fact.missing} />
    </span>
  );
}

const asIs = (text: string): string => text;

function FactList({ facts }: { facts: GuestFacts }) {
  const rows: readonly (readonly [string, ReactNode])[] = [
    ['System', written(facts.os, asIs)],
    ['Host name', written(facts.hostName, asIs)],
    ['Addresses', written(facts.addresses, (all) => (all.length === 0 ? 'none' : all.join('\n')))],
    ['Up', written(facts.uptimeSeconds, (uptime) => spanWords(uptime * 1000))],
    ['Memory', written(facts.memoryMiB, memoryWords)],
    ['vCPUs', written(facts.vcpus, String)],
    ['Machine', written(facts.machine, asIs)],
    ['QEMU', written(facts.qemuVersion, asIs)],
    ['UUID', written(facts.uuid, asIs)],
    ['Managed by', written(facts.manager, asIs)],
    ['Process', written(facts.pid, String)],
    ['Monitor', written(facts.monitor, asIs)],
    ['Agent channel', written(facts.agentChannel, asIs)],
  ];
  return (
    <dl className="pairs">
      {rows.map(([name, text]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
