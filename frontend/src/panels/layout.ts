// Sizes that panels share so that they line up beside each other.

/** Height of the plot in a panel's chart, in px. */
export const CHART_HEIGHT = 132;

/** Most filesystems that the overview shows. */
export const LINES = 6;
