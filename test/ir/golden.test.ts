import { goldenTests } from '../golden';

goldenTests('test/ir/golden');
