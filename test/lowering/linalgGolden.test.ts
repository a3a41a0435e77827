import { passes } from '../../src/lowering/passes';
import { goldenTests } from '../golden';

goldenTests('test/lowering/golden', passes);
