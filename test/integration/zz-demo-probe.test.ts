import { it } from 'vitest';
import { openQmp, startGuest } from '../guest/tiny-guest';
it('probe', async () => {
  const guest = await startGuest({ name: 'probe', monitorStyle: 'mon' });
  const nap = (ms: number) => new Promise(r=>setTimeout(r,ms));
  try {
    await guest.waitForAgent();
    const q = await openQmp(guest.qmpPath); const show = (w: string) => console.log(w, JSON.stringify(q.events.map((e) => [e.event, e.data, Math.round(e.at)])));
    await guest.withAgent(async (a) => { a.post('guest-suspend-ram'); await q.nextEvent('SUSPEND'); await nap(2500);
      console.log('asleep', JSON.stringify(await q.execute('query-chardev')));
      await q.execute('system_wakeup'); await q.nextEvent('WAKEUP'); await nap(2500); console.log('awake', JSON.stringify(await q.execute('query-chardev')));
      show('s3'); await a.call('guest-set-time', { time: Date.now() * 1e6 - 5e9 }); await nap(1500); console.log(await a.call('guest-get-time'), Date.now()); await a.call('guest-set-time');  console.log(await a.call('guest-get-time'), Date.now());
      await q.execute('stop'); await nap(3000); console.log('paused', JSON.stringify(await q.execute('query-chardev'))); await q.execute('cont'); console.log(await a.call('guest-get-time'), Date.now());await a.call('guest-set-time');  console.log(await a.call('guest-get-time'), Date.now());
      a.post('guest-shutdown',{mode:'halt'}); await nap(4000); show('halt'); console.log(JSON.stringify(await q.execute('query-status')), JSON.stringify(await q.execute('query-chardev')));
      });
  } finally { await guest.stop(); }
}, 170000);
