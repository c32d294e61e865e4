#!/usr/bin/env node
import '../dist/devnet/main.js'
