// @ts-check
// What page and worker agree on besides the types of messages.js.

/** The columns of a run that the page keeps. */
export const COLUMNS = [
  'time_s',
  'step',
  'capacity_mah_g',
  'voltage_v',
  'c_rate',
  'ocv_v',
  'loss_electronic_v',
  'loss_contact_v',
  'loss_ionic_v',
  'loss_film_v',
  'loss_charge_transfer_v',
  'loss_diffusion_v',
  'loss_heterogeneity_v',
  'loss_separator_v',
];

/** Requests about what is there already: they are answered between two pieces of a run. */
export const PICTURES = ['slices', 'field', 'starved', 'labels', 'file'];
