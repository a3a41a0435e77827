import { passes } from '../../../src/lowering/passes';
import { goldenTests } from '../../golden';

goldenTests('test/lowering/graph/golden', passes);
