import type { HostTestView } from '../../../preload/contract/view';
import { stepLabel, stepLabels, stepsToCome, stepStates, testOutcome } from '../../test-steps';
import { Spinner } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Block, Line } from '../../ui/untrusted';

/** How a connection test stands: its steps as they pass, and those to come. */
export function ConnectionTest({ test }: { test: HostTestView | null }) {
  const { kind, text } = testOutcome(test);
  return (
    <section className="test" aria-label="Connection test" data-test={kind}>
      <p className="test-outcome" role="status">
        {kind === 'running' ? <Spinner /> : null} {text}
      </p>
      <ol className="test-steps" aria-label="Steps" aria-live="polite" aria-relevant="additions">
        {test?.steps.map((step, place) => <TakenStep key={place} step={step} label={stepLabel(step, test)} />)}
      </ol>
      <ul className="test-steps" aria-label="Steps to come">
        {stepsToCome(test).map((name) => (
          <li key={name} className="test-step" data-step="to-come">
            <Icon name="ring" />
            <span className="test-name">{stepLabels[name]}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function TakenStep({ step, label }: { step: HostTestView['steps'][number]; label: string }) {
  const { icon, word } = stepStates[step.state];
  return (
    <li className="test-step" data-step={step.state}>
      <Icon name={icon} />
      <span className="test-name">
        <Line text={label} />
        <span className="unseen">: {word}.</span>
      </span>
      <span className="test-detail">
        <Block text={step.detail} />
        {step.remedy === undefined ? null : <Block text={step.remedy} className="remedy" />}
      </span>
    </li>
  );
}
