import { connect, type Socket } from 'node:net';

/**
 * Connects to a unix socket whose server accepts nobody, until its queue takes no more (unix(7) connect, EAGAIN).
 * @returns gives all the places up
 */
export async function fillQueue(path: string): Promise<() => void> {
  const waiting: Socket[] = [];
  const isThere = () =>
    new Promise<boolean>((resolve, reject) => {
      const socket = connect(path, () => {
        waiting.push(socket);
        resolve(true);
      });
      socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EAGAIN' ? resolve(false) : reject(error)));
    });
  while (await isThere()) {
    if (waiting.length > 100) throw new Error(`${path} takes whoever comes`);
  }
  return () => {
    for (const socket of waiting) socket.destroy();
  };
}
