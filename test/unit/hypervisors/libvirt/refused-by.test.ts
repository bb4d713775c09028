import { describe, expect, it } from 'vitest';
import { refusedBy } from '../../../../main/hypervisors/libvirt/perform';
import { RefusedError } from '../../../../main/power/actions';
import { LibvirtError, type LibvirtFailure, type LibvirtRefusal } from '../../../../main/protocols/libvirt/errors';
import { ERROR_CODES, type ErrorName } from '../../../../main/protocols/libvirt/error-codes';
import { DialError } from '../../../../main/protocols/sockets';

describe('the refusal of', () => {
  const refusal = (name: ErrorName): LibvirtRefusal => ({ code: ERROR_CODES[name], name, domain: 'QEMU', message: 'no', level: 'error' });
  const refused = (name: ErrorName): LibvirtFailure => ({ kind: 'refused', procedure: 'domain_suspend', refusal: refusal(name) });
  const expected: Partial<Record<ErrorName, string>> = {
    AGENT_UNRESPONSIVE: 'agent-silent',
    AGENT_UNSYNCED: 'agent-silent',
    AGENT_COMMAND_TIMEOUT: 'agent-silent',
    ACCESS_DENIED: 'no-control',
    OPERATION_DENIED: 'no-control',
    OPERATION_UNSUPPORTED: 'unsupported',
    CONFIG_UNSUPPORTED: 'unsupported',
    ARGUMENT_UNSUPPORTED: 'unsupported',
  };

  it.each(Object.keys(ERROR_CODES) as ErrorName[])('VIR_ERR_%s', (name) => {
    const told = refusedBy(new LibvirtError(refused(name)))!;
    expect(told.code).toBe(expected[name] ?? 'hypervisor-refused');
    expect(told.message).toMatch(/no \(.*\)\.$/);
    expect(told.remedy).toMatch(/^[A-Z].*\.$/);
  });

  it('an error that is newer than this', () => {
    const failure = { kind: 'refused', procedure: 'x', refusal: { ...refusal('RPC'), code: 999, name: null } } as const;
    expect(refusedBy(new LibvirtError(failure))?.code).toBe('hypervisor-refused');
  });

  const procedure = 'domain_suspend';
  it.each<[LibvirtFailure, string]>([
    [{ kind: 'unsupported', procedure, refusal: refusal('NO_SUPPORT') }, 'unsupported'],
    [{ kind: 'timeout', procedure, waitedMs: 1, sent: true }, 'outcome-unknown'],
    [{ kind: 'protocol', procedure, detail: 'x' }, 'outcome-unknown'],
    [{ kind: 'closed', procedure, cause: { kind: 'closed-by-peer' } }, 'outcome-unknown'],
  ])('$kind', (failure, code) => {
    expect(refusedBy(new LibvirtError(failure))).toMatchObject({ code, remedy: expect.any(String) });
  });

  it('a socket, of ours, and of a fault', () => {
    expect(refusedBy(new DialError('refused', { kind: 'unix', path: '/x' }, 'Nobody.'))).toMatchObject({ code: 'no-control' });
    const ours = { code: 'busy', message: 'It is busy.' } as const;
    expect(refusedBy(new RefusedError(ours))).toBe(ours);
    expect(refusedBy(new TypeError('x is undefined'))).toBeNull();
  });
});
