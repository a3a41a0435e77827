/** `channels-last`: images as N×H×W×C, so that channels lie next to each other and fill vectors. */
import { definePass } from '../../ir';
import { channelsLastRules } from '../rules/channelsLast';
import { foldConstant } from '../rules/foldConstant';
import { axisRules, nnRules } from '../rules/nn';

const withoutUnits = axisRules.filter((r) => r.name !== 'transpose-of-units');
const sinking = [...withoutUnits, foldConstant, ...channelsLastRules];
const finishing = [...nnRules, foldConstant];

export const channelsLast = definePass({
  name: 'channels-last',
  summary: 'bring convolutions and pools to channels-last layout and cancel the transposes',
  doc: 'Weights are transposed when compiling. What is left are transposes of inputs and outputs of the model, and of values that meet ops without a rule.',
  anchor: 'any',
  rules: [...channelsLastRules, ...axisRules, foldConstant],
  run: (root, { rewriter }) => {
    // Transposes that only move axes of size 1 stay transposes until the others have met their inverse.
    rewriter.applyRules(root, sinking);
    rewriter.applyRules(root, finishing);
  },
});
