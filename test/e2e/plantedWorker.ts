/** The bisection worker with a defect in its compiler, to be put in the place of the shipped one in an installed extension. */
import { serveBisection } from '../../src/bisect/serveBisection';
import { defaultPipeline } from '../../src/lowering/pipeline';
import { defects } from '../bisect/bank/defects';
import { planted } from '../bisect/bank/plant';

void serveBisection({
  steps: planted(
    defaultPipeline(),
    defects.find((d) => d.name === 'bn-fold-shift-negated')!,
  ),
});
