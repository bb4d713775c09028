// Stands in for @types/node where code must run on Node 18: whatever asks for the types "node" gets those of 18.
/// <reference types="node-18-types" />
