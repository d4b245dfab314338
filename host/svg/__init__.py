"""What drawings and charts as SVG share: colours, widths of texts, numbers. It draws nothing itself."""
