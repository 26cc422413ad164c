"""Model quality: the training job on a data set, beside baselines and published scores."""
