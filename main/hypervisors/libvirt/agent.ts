import { encodeJson, parseJsonObject } from '../../protocols/json-messages';
import type { AgentCalls } from '../../protocols/guest-agent/client';
import { AgentError } from '../../protocols/guest-agent/errors';
import { readResult } from '../../protocols/guest-agent/results';
import type { LibvirtClient } from '../../protocols/libvirt/api';
import { isRefusal, LibvirtError } from '../../protocols/libvirt/errors';
import { DialError } from '../../protocols/sockets';
import type { Domain } from './model';

const CALL_MS = 5000;
/** What the call may take beside what the agent may, in ms: libvirt synchronises with it first. */
const AROUND_MS = 6000;

/**
 * The agent of a domain, which libvirt holds and synchronises with (qemu_protocol.x QEMU_PROC_DOMAIN_AGENT_COMMAND).
 * Commands that answer nothing when they succeed must not be asked through it: libvirt would wait for an answer.
 */
export const domainAgent = (domain: Domain): AgentCalls => ({
  async call(command, ...[args, { signal, timeoutMs = CALL_MS } = {}]) {
    const cmd = encodeJson({ execute: command, arguments: args ?? {} });
    // libvirt counts in seconds.
    const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
    let message: string | null;
    let lane: LibvirtClient | null = null;
    try {
      lane = await domain.daemon.agentLane();
      ({ result: message } = await lane.call(
        'domain_agent_command',
        { dom: domain.ref, cmd, timeout: seconds, flags: 0 },
        { timeoutMs: seconds * 1000 + AROUND_MS, ...(signal ? { signal } : {}) },
      ));
    } catch (error) {
      const hangs = error instanceof LibvirtError && error.kind === 'timeout';
      if (hangs && lane) domain.daemon.leaveLane(lane);
      throw agentError(command, error, seconds * 1000);
    }
    const json = message === null ? null : parseJsonObject(message);
    if (!json || message === null || !Object.hasOwn(json, 'return')) {
      throw new AgentError({ kind: 'protocol', command, detail: `it is no result: ${String(message).slice(0, 80)}` });
    }
    return readResult(command, { value: json.return, message });
  },
});

function agentError(command: string, error: unknown, waitedMs: number): unknown {
  if (error instanceof DialError) return new AgentError({ kind: 'closed', command, detail: error.message });
  if (!(error instanceof LibvirtError)) return error;
  if (isRefusal(error, 'AGENT_UNRESPONSIVE', 'AGENT_UNSYNCED')) return new AgentError({ kind: 'silent', waitedMs });
  if (error.kind === 'timeout' || isRefusal(error, 'AGENT_COMMAND_TIMEOUT', 'OPERATION_TIMEOUT'))
    return new AgentError({ kind: 'timeout', command, waitedMs });
  if (error.refusal && isRefusal(error, 'AGENT_COMMAND_FAILED', 'INTERNAL_ERROR', 'ARGUMENT_UNSUPPORTED', 'OPERATION_UNSUPPORTED'))
    return new AgentError({ kind: 'command', command, errorClass: error.refusal.name ?? 'GenericError', desc: error.refusal.message });
  return new AgentError({ kind: 'closed', command, detail: error.message });
}
