/** Why a QMP connection or call failed. */
export type QmpFailure =
  /** The socket accepts but says nothing: QEMU serves one client per monitor, so another one holds it. */
  | { kind: 'no-greeting'; waitedMs: number }
  /** Something other than a QMP greeting; `received` is its beginning, unescaped. */
  | { kind: 'not-qmp'; received: string }
  /** The connection is gone; `command` is the call that it took along. */
  | { kind: 'closed'; command?: string; cause: QmpCloseReason }
  | { kind: 'timeout'; command: string; waitedMs: number }
  /** QEMU broke the protocol, or answered `command` with a shape that it does not have. */
  | { kind: 'protocol'; command?: string; detail: string }
  /** QEMU refused. `errorClass` (QAPI: qapi/error.json) is stable, `desc` is text for people. */
  | { kind: 'command'; command: string; errorClass: string; desc: string };

/** How a connection ended. */
export type QmpCloseReason =
  | { kind: 'closed-here' }
  | { kind: 'closed-by-peer' }
  | { kind: 'stream-error'; error: Error }
  | { kind: 'protocol'; error: QmpError };

export class QmpError extends Error {
  readonly failure: QmpFailure;

  constructor(failure: QmpFailure) {
    super(describeFailure(failure));
    this.name = 'QmpError';
    this.failure = failure;
  }

  get kind(): QmpFailure['kind'] {
    return this.failure.kind;
  }
}

function describeFailure(failure: QmpFailure): string {
  switch (failure.kind) {
    case 'no-greeting':
      return (
        `The monitor gave no greeting within ${failure.waitedMs} ms: another program probably holds it. ` +
        'QEMU serves one client per monitor; end that one, or give the guest a second -qmp socket.'
      );
    case 'not-qmp':
      return (
        `This is not a QMP monitor; it said ${JSON.stringify(failure.received)}. ` +
        'Give the address of a socket that QEMU was started with by -qmp or by -mon with mode=control.'
      );
    case 'closed':
      return `${failure.command ?? 'The connection'} failed: ${describeClose(failure.cause)}`;
    case 'timeout':
      return `${failure.command} got no answer from QEMU within ${failure.waitedMs} ms`;
    case 'protocol':
      return failure.command === undefined
        ? `QEMU broke the protocol: ${failure.detail}`
        : `QEMU’s answer to ${failure.command} is broken: ${failure.detail}`;
    case 'command':
      return `QEMU refused ${failure.command}: ${failure.desc} (${failure.errorClass})`;
  }
}

function describeClose(reason: QmpCloseReason): string {
  switch (reason.kind) {
    case 'closed-here':
      return 'the connection was closed by this program';
    case 'closed-by-peer':
      return 'QEMU closed the connection';
    case 'stream-error':
      return `the connection broke (${reason.error.message})`;
    case 'protocol':
      return reason.error.message;
  }
}
