/** The version of Strata, for artifacts and `--version`. */
export { version } from '../../package.json';
