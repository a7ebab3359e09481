"""What is told: events while work goes on, errors in words, and the summary at its end."""
