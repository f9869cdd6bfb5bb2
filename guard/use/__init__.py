"""What people do with a report besides reading it: `explain`."""
