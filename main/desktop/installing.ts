import type { Notice } from '../guests/notices';
import type { Quitting } from './quitting';
import type { Installing } from './update-source';

/** Lets the app be ended by what puts a newer version in its place, and goes on where that fails. */
export const createInstalling = (quitting: Quitting, open: () => void, tell: (notice: Notice) => void): Installing => ({
  begins: () => quitting.letGo(),
  fails({ message }) {
    quitting.stay();
    open();
    tell({
      severity: 'error',
      title: 'The newer version was not installed',
      message,
      remedy: 'Try again in the settings, or install it the way you installed this one.',
    });
  },
});
