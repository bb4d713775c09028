import type { AgentClient } from './client';

const NS_PER_MS = 1_000_000n;

/**
 * The guest's clock in ms since the epoch, rounded down.
 * @throws AgentError
 */
export async function readGuestTime(agent: AgentClient): Promise<number> {
  const ns = await agent.call('guest-get-time');
  const ms = ns / NS_PER_MS;
  return Number(ns < 0n && ns % NS_PER_MS !== 0n ? ms - 1n : ms);
}

/**
 * Sets the guest's clock and its RTC to `ms` since the epoch.
 * @throws AgentError; of kind command where the guest's administrator or its OS does not allow it
 * @throws RangeError for a time that is not a whole number of ms
 */
export async function setGuestTime(agent: AgentClient, ms: number): Promise<void> {
  await agent.call('guest-set-time', { time: BigInt(ms) * NS_PER_MS });
}
