/** How the reason begins, among those of figures that are not known, by which every reader knows that nobody sees the work. Half a sentence. */
export const NO_SOURCE = 'no source of work is watched'
