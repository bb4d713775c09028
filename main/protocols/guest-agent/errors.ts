/** Why a conversation with a guest agent failed. */
export type AgentFailure =
  /** No answer to the synchronisation in time: the guest has no agent, sleeps, boots, or hangs. */
  | { kind: 'silent'; waitedMs: number }
  /** The connection is gone; `detail` says how. */
  | { kind: 'closed'; command?: string; detail: string }
  | { kind: 'timeout'; command: string; waitedMs: number }
  /** The agent answered `command` with something that it does not answer with. */
  | { kind: 'protocol'; command?: string; detail: string }
  /** The agent refused. `desc` is the guest's text, untrusted. */
  | { kind: 'command'; command: string; errorClass: string; desc: string };

export class AgentError extends Error {
  readonly failure: AgentFailure;

  constructor(failure: AgentFailure) {
    super(describeFailure(failure));
    this.name = 'AgentError';
    this.failure = failure;
  }

  get kind(): AgentFailure['kind'] {
    return this.failure.kind;
  }
}

function describeFailure(failure: AgentFailure): string {
  switch (failure.kind) {
    case 'silent':
      return (
        `The guest agent did not answer within ${failure.waitedMs} ms. ` +
        'Check that qemu-guest-agent is installed and running in the guest.'
      );
    case 'closed':
      return `${failure.command ?? 'The conversation with the guest agent'} failed: ${failure.detail}`;
    case 'timeout':
      return `The guest agent did not answer ${failure.command} within ${failure.waitedMs} ms`;
    case 'protocol':
      return `The guest agent’s answer${of(failure.command)} is broken: ${failure.detail}`;
    case 'command':
      return `The guest agent refused ${failure.command}: ${failure.desc} (${failure.errorClass})`;
  }
}

const of = (command: string | undefined) => (command === undefined ? '' : ` to ${command}`);
