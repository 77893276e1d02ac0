// What the pages draw charts with, of D3: its scales, its axes, and how elements are made.
export { axisTop, axisLeft } from "d3-axis";
export { scaleBand, scaleLinear } from "d3-scale";
export { create } from "d3-selection";
